# Output modifiers.
Router>enable
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#interface eth0
Router(config-if)#description to the {inside}
Router(config-if)#ip address 10.0.0.1 255.255.255.0
Router(config-if)#ip nat inside
Router(config-if)#interface eth1
Router(config-if)#ip address 198.51.100.1 255.255.255.0
Router(config-if)#ip nat outside
Router(config-if)#ip nat pool P 198.51.100.10 198.51.100.20 netmask 255.255.255.0
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#show running-config | include ip nat
 ip nat inside
 ip nat outside
ip nat pool P 198.51.100.10 198.51.100.20 netmask 255.255.255.0
Router#sh run | i address|pool
 ip address 10.0.0.1 255.255.255.0
 ip address 198.51.100.1 255.255.255.0
ip nat pool P 198.51.100.10 198.51.100.20 netmask 255.255.255.0
Router#show running-config | exclude ^ |!
Building configuration...

Current configuration : 282 bytes
version 1.0
interface GigabitEthernet0/0
interface GigabitEthernet0/1
ip nat pool P 198.51.100.10 198.51.100.20 netmask 255.255.255.0
end

Router#show running-config | begin pool
ip nat pool P 198.51.100.10 198.51.100.20 netmask 255.255.255.0
!
end

Router#show running-config | section interface
interface GigabitEthernet0/0
 description to the {inside}
 ip address 10.0.0.1 255.255.255.0
 ip nat inside
interface GigabitEthernet0/1
 ip address 198.51.100.1 255.255.255.0
 ip nat outside
Router#show running-config | section exclude interface
Building configuration...

Current configuration : 282 bytes
!
version 1.0
!
!
!
ip nat pool P 198.51.100.10 198.51.100.20 netmask 255.255.255.0
!
end

Router#show running-config | section include 0/1
interface GigabitEthernet0/1
 ip address 198.51.100.1 255.255.255.0
 ip nat outside
Router#show running-config | count ip
Number of lines which match regexp = 6
Router#show running-config | count nothing at all
Number of lines which match regexp = 0
Router#show running-config | include {inside}
 description to the {inside}
Router#show running-config | include (
% Failed to compile regular expression
Router#show running-config | include \1
% Failed to compile regular expression
Router#show running-config | include
% Incomplete command.

Router#show running-config | foo
                             ^
% Invalid input detected at '^' marker.

Router#show running-config |
% Incomplete command.

Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#do show run | inc hostname|version
version 1.0
Router(config)#interface eth0
Router(config-if)#description a | b
Router(config-if)#do show run | inc description
 description a | b
