# Rules in use: asked, kept, ended.
Router>enable
Router#conf t
Router(config)#interface eth0
Router(config-if)#ip address 10.0.0.1 255.255.255.0
Router(config-if)#ip nat inside
Router(config-if)#interface eth1
Router(config-if)#ip address 198.51.100.1 255.255.255.0
Router(config-if)#ip nat outside
Router(config-if)#exit
Router(config)#access-list 1 permit 10.0.0.0 0.0.0.255
Router(config)#ip nat inside source list 1 interface eth1 overload
@packet
Router(config)#do show ip nat translations
Router(config)#no ip nat inside source list 1 interface eth1 overload

Dynamic mapping in use, do you want to delete all entries? [no]: {}
Router(config)#no ip nat inside source list 1 interface eth1 overload

Dynamic mapping in use, do you want to delete all entries? [no]: {^C}
Router(config)#do show running-config | include ip nat inside source
Router(config)#interface eth0
Router(config-if)#no ip nat inside source list 1 interface eth1 overload

Dynamic mapping in use, do you want to delete all entries? [no]: {yes}
Router(config)#do show ip nat translations
Router(config)#do show running-config | include ip nat inside source
Router(config)#ip nat inside source static 10.0.0.100 198.51.100.100
@packet
Router(config)#do show ip nat translations
Router(config)#no ip nat inside source static 10.0.0.100 198.51.100.100

Static entry in use, do you want to delete child entries? [no]: {no}
Router(config)#no ip nat inside source static 10.0.0.100 198.51.100.100

Static entry in use, do you want to delete child entries? [no]: {y}
Router(config)#do show ip nat translations
Router(config)#end
# another operator's answer, and lines from a file
$ algate
< enable
< conf t
< ip nat inside source list 1 interface eth1 overload
@packet
$ algate
< enable
< conf t
< no ip nat inside source list 1 interface eth1 overload
< yes
< do show ip nat translations
