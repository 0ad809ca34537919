# Every configuration command outside NAT and access lists, and its no. What was added is gone afterwards.
Router>enable
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#hostname Alpha
Alpha(config)#interface GigabitEthernet0/0
Alpha(config-if)#description Inside, "quoted"  and  spaced
Alpha(config-if)#ip address 10.0.0.1 255.255.255.0
Alpha(config-if)#ip address 10.0.1.1 255.255.255.0 secondary
Alpha(config-if)#ip nat inside
Alpha(config-if)#shutdown
Alpha(config-if)#interface GigabitEthernet 0/1
Alpha(config-if)#ip address 198.51.100.1 255.255.255.0
Alpha(config-if)#ip nat outside
Alpha(config-if)#interface lo
Alpha(config-if)#description nothing but a loop
Alpha(config-if)#exit
Alpha(config)#ip route 0.0.0.0 0.0.0.0 198.51.100.254
Alpha(config)#ip route 192.0.2.0 255.255.255.0 eth1
Alpha(config)#ip route 203.0.113.0 255.255.255.0 eth1 198.51.100.9 200
Alpha(config)#enable secret s3cret
Alpha(config)#enable password weak
Alpha(config)#line con 0
Alpha(config-line)#line vty 0 4
Alpha(config-line)#password 7 02050D480809
Alpha(config-line)#login
Alpha(config-line)#line vty 5
Alpha(config-line)#password plain words
Alpha(config-line)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Alpha#show running-config
Building configuration...

Current configuration : 710 bytes
@include config-alpha.part

Alpha#show ip interface brief
Interface              IP-Address      OK? Method Status                Protocol
lo                     127.0.0.1       YES other  up                    up
GigabitEthernet0/0     10.0.0.1        YES manual administratively down down
GigabitEthernet0/1     198.51.100.1    YES manual up                    up
Alpha#write memory
Building configuration...
[OK]
Alpha#show startup-config
Using 710 out of 67108864 bytes
@include config-alpha.part

=== restart
Alpha>enable
Password: {s3cret}
Alpha#show running-config | exclude bytes
Building configuration...

@include config-alpha.part

Alpha#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Alpha(config)#no line vty 5
Alpha(config)#line vty 0 4
Alpha(config-line)#no login
Alpha(config-line)#no password
Alpha(config-line)#no line vty 0 4
Alpha(config)#no line con 0
Alpha(config)#no enable password
Alpha(config)#no enable secret
Alpha(config)#no ip route 203.0.113.0 255.255.255.0 eth1 198.51.100.9
Alpha(config)#no ip route 192.0.2.0 255.255.255.0 eth1
Alpha(config)#no ip route 0.0.0.0 0.0.0.0 198.51.100.254
Alpha(config)#no ip route 0.0.0.0 0.0.0.0 198.51.100.254
Alpha(config)#interface eth0
Alpha(config-if)#no shutdown
Alpha(config-if)#no ip nat inside
Alpha(config-if)#no ip address 10.9.9.9 255.255.255.0
Alpha(config-if)#do show running-config | include ip address 10
 ip address 10.0.1.1 255.255.255.0 secondary
 ip address 10.0.0.1 255.255.255.0
Alpha(config-if)#no ip address 10.0.1.1 255.255.255.0 secondary
Alpha(config-if)#no ip address
Alpha(config-if)#no description
Alpha(config-if)#no interface eth0
Alpha(config)#no interface eth1
Alpha(config)#no interface lo
Alpha(config)#no hostname
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#show running-config
Building configuration...

Current configuration : 20 bytes
!
version 1.0
!
end

